"""Addresses of the evaluation of an experiment, below those of experiences."""

from django.urls import URLPattern, path

from trama.experiences.experiments import views

urlpatterns: list[URLPattern] = [
    path("", views.plan, name="experiment_plan"),
    path("decisione/", views.decide, name="experiment_decide"),
    path("riapri/", views.reopen, name="experiment_reopen"),
]
