"""Addresses of the loads of data."""

from django.urls import path

from trama.intake.views import indicators, loads, registers

app_name = "intake"
urlpatterns = [
    path("", loads.loads, name="loads"),
    path("nuovo/", loads.upload, name="upload"),
    path("nuovo/<str:token>/", loads.confirm, name="confirm"),
    path("indicatori/", indicators.upload, name="indicators"),
    path("indicatori/<str:token>/", indicators.columns, name="indicators_columns"),
    path("indicatori/<str:token>/nomi/", indicators.names, name="indicators_names"),
    path("indicatori/<str:token>/prova/", indicators.check, name="indicators_check"),
    path("indicatori/<str:token>/carica/", indicators.confirm, name="indicators_confirm"),
    path("indicatori/<str:token>/ricetta.toml", indicators.recipe, name="indicators_recipe"),
    path("registri/", registers.upload, name="registers"),
    path("registri/<str:token>/", registers.columns, name="registers_columns"),
    path("registri/<str:token>/parole/", registers.words, name="registers_words"),
    path("registri/<str:token>/prova/", registers.check, name="registers_check"),
    path("registri/<str:token>/decidi/", registers.decide, name="registers_decide"),
    path("registri/<str:token>/carica/", registers.confirm, name="registers_confirm"),
    path("registri/<str:token>/avanzamento.json", registers.progress, name="registers_progress"),
    path("registri/<str:token>/punti.json", registers.points, name="registers_points"),
    path("registri/<str:token>/da-correggere.xlsx", registers.to_mend, name="registers_to_mend"),
    path("registri/<str:token>/ricetta.toml", registers.recipe, name="registers_recipe"),
    path("modelli/<slug:register>/modello.xlsx", loads.template, name="template"),
    path("<int:pk>/", loads.load, name="load"),
    path("<int:pk>/da-correggere.xlsx", loads.to_mend, name="load_to_mend"),
    path("<int:pk>/annulla/", loads.undo, name="load_undo"),
]
