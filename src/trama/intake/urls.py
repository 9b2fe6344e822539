"""Addresses of the loads of data."""

from django.urls import path

from trama.intake import views

app_name = "intake"
urlpatterns = [
    path("", views.loads, name="loads"),
    path("nuovo/", views.upload, name="upload"),
    path("nuovo/<str:token>/", views.confirm, name="confirm"),
    path("<int:pk>/", views.load, name="load"),
]
