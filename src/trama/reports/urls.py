from django.urls import path

from trama.reports.views import making, profiles, texts

app_name = "reports"
urlpatterns = [
    path("", making.index, name="index"),
    path("profili/", profiles.profiles, name="profiles"),
    path("profili/<int:pk>/", profiles.profile, name="profile"),
    path("profili/<int:pk>/profilo-<str:language>.<str:form>", profiles.profile_file, name="profile_file"),
    path("profili/<int:pk>/confronto/", profiles.comparison, name="comparison"),
    path("profili/<int:pk>/<str:what>/", profiles.profile_do, name="profile_do"),
    path("territorio/<str:code>/", making.territory, name="territory"),
    path("territorio/<str:code>/rapporto-<str:language>.<str:form>", making.territory_file, name="territory_file"),
    path("territorio/<str:code>/bozza-<str:language>.<str:form>", making.draft_file, name="draft_file"),
    path("territorio/<str:code>/congela/", profiles.freeze, name="freeze"),
    path("territorio/<str:code>/testi/<str:language>/", texts.texts, name="texts"),
    path("territorio/<str:code>/testi/<str:language>/<str:key>/", texts.text, name="text"),
    path("territorio/<str:code>/testi/<str:language>/<str:key>/<str:what>/", texts.text_do, name="text_do"),
]
