from django.apps import AppConfig


class InsightConfig(AppConfig):
    name = "trama.insight"
    label = "insight"
