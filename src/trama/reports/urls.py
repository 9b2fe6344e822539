from django.urls import path

from trama.reports import views

app_name = "reports"
urlpatterns = [
    path("", views.index, name="index"),
    path("territorio/<str:code>/", views.territory, name="territory"),
    path("territorio/<str:code>/rapporto-<str:language>.<str:form>", views.territory_file, name="territory_file"),
]
