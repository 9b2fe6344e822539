"""Addresses of plans of objectives, below monitoring."""

from django.urls import URLPattern, path

from trama.monitoring.objectives import views

urlpatterns: list[URLPattern] = [
    path("", views.plans, name="objective_plans"),
    path("nuovo/", views.plan_add, name="objective_plan_add"),
    path("<int:pk>/", views.plan, name="objective_plan"),
    path("<int:pk>/modifica/", views.plan_edit, name="objective_plan_edit"),
    path("<int:pk>/fai/<slug:what>/", views.plan_do, name="objective_plan_do"),
    path("<int:pk>/anno/<int:year>/", views.year, name="objective_year"),
    path("<int:pk>/obiettivo/", views.objective_add, name="objective_add"),
    path("<int:pk>/obiettivo/<int:objective>/", views.objective_edit, name="objective_edit"),
    path("<int:pk>/obiettivo/<int:objective>/fai/<slug:what>/", views.objective_do, name="objective_do"),
    path("<int:pk>/obiettivo/<int:objective>/misura/", views.yardstick_add, name="yardstick_add"),
    path("<int:pk>/misura/<int:yardstick>/", views.yardstick_edit, name="yardstick_edit"),
    path("<int:pk>/misura/<int:yardstick>/togli/", views.yardstick_delete, name="yardstick_delete"),
]
