from django.urls import path

from trama.people.views import audit, people

app_name = "people"
urlpatterns = [
    path("", people.people, name="people"),
    path("io/", people.me, name="me"),
    path("aggiungi/", people.add, name="add"),
    path("registro/", audit.audit, name="audit"),
    path("registro/esporta.csv", audit.audit_csv, name="audit_csv"),
    path("ruoli/<int:pk>/termina/", people.revoke, name="revoke"),
    path("<int:pk>/", people.person, name="person"),
    path("<int:pk>/modifica/", people.change, name="change"),
    path("<int:pk>/ruolo/", people.grant, name="grant"),
    path("<int:pk>/invita/", people.invite_again, name="invite_again"),
    path("<int:pk>/chiudi/", people.close, name="close"),
]
