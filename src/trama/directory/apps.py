from django.apps import AppConfig


class DirectoryConfig(AppConfig):
    name = "trama.directory"
    label = "directory"
