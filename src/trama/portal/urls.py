from django.urls import path

from trama.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("oggi/", views.my_day, name="my_day"),
    path("cerca/", views.search, name="search"),
    path("calendario/", views.calendar, name="calendar"),
    path("calendario/trama.ics", views.calendar_ics, name="calendar_ics"),
    path("fonti/", views.sources, name="sources"),
    path("privacy/", views.privacy, name="privacy"),
    path("accessibilita/", views.accessibility, name="accessibility"),
    path("dati-aperti/", views.open_data, name="open_data"),
    path("territorio/<str:code>/", views.area, name="area"),
]
