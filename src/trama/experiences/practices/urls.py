"""Addresses of good-practice sheets, below those of experiences."""

from django.urls import URLPattern, path

from trama.experiences.practices import views
from trama.experiences.practices.register import REGISTER
from trama.ui.registers import register_urls

urlpatterns: list[URLPattern] = [
    *register_urls(REGISTER),
    path("nuova/", views.practice_add, name="practice_add"),
    path("confronto/", views.comparison, name="practice_comparison"),
    path("<int:pk>/", views.practice, name="practice"),
    path("<int:pk>/modifica/", views.practice_edit, name="practice_edit"),
    path("<int:pk>/fai/<slug:act>/", views.practice_do, name="practice_do"),
    path("<int:pk>/riprendi/", views.practice_take_up, name="practice_take_up"),
    path("<int:pk>/butta/", views.practice_delete, name="practice_delete"),
]
