from django.apps import AppConfig


class ExperiencesConfig(AppConfig):
    name = "trama.experiences"
    label = "experiences"
