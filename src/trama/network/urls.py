"""The addresses of organisations, under /realta/."""

from django.urls import URLPattern, path

from trama.network.declarations import REGISTER
from trama.network.views import duplicates
from trama.network.views import organisations as views
from trama.ui.registers import register_urls

app_name = "network"
urlpatterns: list[URLPattern] = [
    *register_urls(REGISTER),
    path("aggiungi/", views.organisation_add, name="organisation_add"),
    path("forse/", views.alike, name="alike"),
    path("forse/righe/", views.alike_lines, name="alike_lines"),
    path("doppioni/", duplicates.queue, name="duplicates"),
    path("doppioni/cerca/", duplicates.seek, name="duplicates_seek"),
    path("doppioni/cerca/stato/", duplicates.seek_state, name="duplicates_seek_state"),
    path("doppioni/certi/", duplicates.certain, name="duplicates_certain"),
    path("doppioni/da-dividere/", duplicates.to_split, name="duplicates_to_split"),
    path("doppioni/unioni/", duplicates.merges, name="merges"),
    path("doppioni/unioni/<int:pk>/annulla/", duplicates.merge_undo, name="merge_undo"),
    path("doppioni/<int:pk>/", duplicates.pair, name="duplicate"),
    path("<int:pk>/", views.organisation, name="organisation"),
    path("<int:pk>/punti.json", views.points, name="organisation_points"),
    path("<int:pk>/modifica/", views.organisation_edit, name="organisation_edit"),
    path("<int:pk>/dividi/", duplicates.split, name="organisation_split"),
    path("<int:pk>/contatti/", views.organisation_contacts, name="organisation_contacts"),
    path("<int:pk>/sedi/", views.organisation_seats, name="organisation_seats"),
    path("<int:pk>/legami/aggiungi/", views.tie_add, name="tie_add"),
    path("<int:pk>/legami/<int:tie>/<slug:what>/", views.tie_do, name="tie_do"),
    path("<int:pk>/<slug:what>/", views.organisation_do, name="organisation_do"),
]
