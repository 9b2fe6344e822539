from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "trama.reports"
    label = "reports"
