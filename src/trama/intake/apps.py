from django.apps import AppConfig


class IntakeConfig(AppConfig):
    name = "trama.intake"
    label = "intake"
