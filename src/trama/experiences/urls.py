"""Addresses of experiences."""

from django.urls import URLPattern, URLResolver, include, path

from trama.experiences import views
from trama.experiences.declarations import REGISTER
from trama.ui.registers import register_urls

app_name = "experiences"
urlpatterns: list[URLPattern | URLResolver] = [
    *register_urls(REGISTER),
    path("pratiche/", include("trama.experiences.practices.urls")),
    path("nuova/", views.experience_add, name="experience_add"),
    path("suggerimenti/<slug:source>.json", views.suggestions, name="suggestions"),
    path("<int:pk>/", views.experience, name="experience"),
    path("<int:pk>/punti.json", views.points, name="experience_points"),
    path("<int:pk>/sperimentazione/", include("trama.experiences.experiments.urls")),
    path("<int:pk>/genealogia/", views.genealogy, name="experience_genealogy"),
    path("<int:pk>/modifica/", views.experience_edit, name="experience_edit"),
    path("<int:pk>/salva.json", views.experience_autosave, name="experience_autosave"),
    path("<int:pk>/fai/<slug:act>/", views.experience_do, name="experience_do"),
    path("<int:pk>/modello/", views.experience_copy, name="experience_copy"),
    path("<int:pk>/butta/", views.experience_delete, name="experience_delete"),
    path("<int:pk>/date/", views.occurrence_add, name="occurrence_add"),
    path("<int:pk>/date/<int:occurrence>/annulla/", views.occurrence_cancel, name="occurrence_cancel"),
]
