"""Addresses of experiences."""

from django.urls import URLPattern

from trama.experiences.declarations import REGISTER
from trama.ui.registers import register_urls

app_name = "experiences"
urlpatterns: list[URLPattern] = [*register_urls(REGISTER)]
