"""The addresses of areas and places. The page of an area itself belongs to the portal: `/territorio/<code>/`."""

from django.urls import include, path

from trama.territory import views
from trama.territory.declarations import PLACES
from trama.ui.registers import register_urls

app_name = "territory"
urlpatterns = [
    path("", views.areas, name="areas"),
    path("nuova/", views.area_add_top, name="area_add_top"),
    path("luoghi/", include(register_urls(PLACES))),
    path("luoghi/nuovo/", views.place_add, name="place_add"),
    path("luoghi/<int:pk>/", views.place, name="place"),
    path("luoghi/<int:pk>/punto.json", views.place_point, name="place_point"),
    path("luoghi/<int:pk>/modifica/", views.place_edit, name="place_edit"),
    path("luoghi/<int:pk>/conferma/", views.place_confirm, name="place_confirm"),
    path("<str:code>/figli.geojson", views.children_geojson, name="children_geojson"),
    path("<str:code>/forma.geojson", views.area_shape, name="area_shape"),
    path("<str:code>/nuova/", views.area_add, name="area_add"),
    path("<str:code>/modifica/", views.area_edit, name="area_edit"),
    path("<str:code>/disegna/", views.area_draw, name="area_draw"),
    path("<str:code>/chiudi/", views.area_close, name="area_close"),
]
