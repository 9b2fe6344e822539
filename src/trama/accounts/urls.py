from django.urls import path

app_name = "accounts"
urlpatterns: list[path] = []  # type: ignore[valid-type]
