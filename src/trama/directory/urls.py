"""The addresses of resources, under /risorse/."""

from django.urls import URLPattern, path

from trama.directory import views
from trama.directory.declarations import REGISTER
from trama.ui.registers import register_urls

app_name = "directory"
urlpatterns: list[URLPattern] = [
    *register_urls(REGISTER),
    path("aggiungi/", views.resource_add, name="resource_add"),
    path("<int:pk>/", views.resource, name="resource"),
    path("<int:pk>/punti.json", views.points, name="resource_points"),
    path("<int:pk>/modifica/", views.resource_edit, name="resource_edit"),
    path("<int:pk>/contatti/", views.resource_contacts, name="resource_contacts"),
    path("<int:pk>/<slug:what>/", views.resource_do, name="resource_do"),
]
