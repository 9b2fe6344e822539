from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "trama.monitoring"
    label = "monitoring"
