"""Addresses of the loads of data."""

from django.urls import path

from trama.intake.views import loads

app_name = "intake"
urlpatterns = [
    path("", loads.loads, name="loads"),
    path("nuovo/", loads.upload, name="upload"),
    path("nuovo/<str:token>/", loads.confirm, name="confirm"),
    path("<int:pk>/", loads.load, name="load"),
]
