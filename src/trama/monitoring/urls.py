from django.urls import include, path

from trama.monitoring import cut_views, keeping_views, sheet_views, views

app_name = "monitoring"
urlpatterns = [
    path("", views.waves, name="waves"),
    path("obiettivi/", include("trama.monitoring.objectives.urls")),
    path("nuova/", views.wave_add, name="wave_add"),
    path("scheda/<str:token>/", sheet_views.by_link, name="by_link"),
    path("<int:pk>/", views.wave, name="wave"),
    path("<int:pk>/modifica/", views.wave_edit, name="wave_edit"),
    path("<int:pk>/domande/", views.questions, name="questions"),
    path("<int:pk>/domande/xlsform/", views.questions_file, name="questions_file"),
    path("<int:pk>/avanza/<str:what>/", views.going, name="going"),
    path("<int:pk>/fai/<str:what>/", views.wave_do, name="wave_do"),
    path("<int:pk>/apri/", keeping_views.opening, name="opening"),
    path("<int:pk>/chiudi/", keeping_views.closing, name="closing"),
    path("<int:pk>/riapri/", views.reopen, name="reopen"),
    path("<int:pk>/correggi/", views.erratum, name="erratum"),
    path("<int:pk>/qualita/", views.quality, name="quality"),
    path("<int:pk>/tabelle/", cut_views.cuts, name="cuts"),
    path("<int:pk>/tabelle/tutte.<str:form>", cut_views.cuts_file, name="cuts_file"),
    path("<int:pk>/tabelle/incrocio/", cut_views.crossing, name="crossing"),
    path("<int:pk>/tabelle/incrocio/tabella.<str:form>", cut_views.crossing_file, name="crossing_file"),
    path("<int:pk>/confronto/<int:other>/", views.comparison, name="comparison"),
    path("<int:pk>/schede/", sheet_views.sheets, name="sheets"),
    path("<int:pk>/schede/carta/", sheet_views.print_sheets, name="paper"),
    path("<int:pk>/schede/<int:sheet>/", sheet_views.sheet, name="sheet"),
    path("<int:pk>/schede/<int:sheet>/giusta/", keeping_views.sheet_checked, name="sheet_checked"),
    path("<int:pk>/schede/<int:sheet>/delega/", sheet_views.delegate, name="delegate"),
]
