from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "trama.portal"
    label = "portal"
