"""Addresses of the loads of data."""

from django.urls import path

from trama.intake.views import indicators, loads

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
    path("<int:pk>/", loads.load, name="load"),
    path("<int:pk>/annulla/", loads.undo, name="load_undo"),
]
