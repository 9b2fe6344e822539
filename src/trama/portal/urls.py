from django.urls import path

from trama.portal import views

app_name = "portal"
urlpatterns = [
    path("", views.home, name="home"),
    path("oggi/", views.my_day, name="my_day"),
]
