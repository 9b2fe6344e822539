from django.urls import path

app_name = "experiences"
urlpatterns: list[path] = []  # type: ignore[valid-type]
