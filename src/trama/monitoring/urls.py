from django.urls import path

from trama.monitoring import views

app_name = "monitoring"
urlpatterns = [
    path("", views.waves, name="waves"),
    path("nuova/", views.wave_add, name="wave_add"),
    path("scheda/<str:token>/", views.by_link, name="by_link"),
    path("<int:pk>/", views.wave, name="wave"),
    path("<int:pk>/modifica/", views.wave_edit, name="wave_edit"),
    path("<int:pk>/domande/", views.questions, name="questions"),
    path("<int:pk>/fai/<str:what>/", views.wave_do, name="wave_do"),
    path("<int:pk>/riapri/", views.reopen, name="reopen"),
    path("<int:pk>/correggi/", views.erratum, name="erratum"),
    path("<int:pk>/qualita/", views.quality, name="quality"),
    path("<int:pk>/confronto/<int:other>/", views.comparison, name="comparison"),
    path("<int:pk>/schede/", views.sheets, name="sheets"),
    path("<int:pk>/schede/carta/", views.paper, name="paper"),
    path("<int:pk>/schede/<int:sheet>/", views.sheet, name="sheet"),
    path("<int:pk>/schede/<int:sheet>/delega/", views.delegate, name="delegate"),
]
