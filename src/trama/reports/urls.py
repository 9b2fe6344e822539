from django.urls import path, register_converter

from trama.reports.subjects import AREA, WAVE
from trama.reports.views import making, objectives, profiles, texts, waves


class SubjectConverter:
    """What a report is about, in an address."""

    regex = f"{AREA}|{WAVE}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(SubjectConverter, "about")

app_name = "reports"
urlpatterns = [
    path("", making.index, name="index"),
    path("profili/", profiles.profiles, name="profiles"),
    path("profili/<int:pk>/", profiles.profile, name="profile"),
    path("profili/<int:pk>/profilo-<str:language>.<str:form>", profiles.profile_file, name="profile_file"),
    path("profili/<int:pk>/confronto/", profiles.comparison, name="comparison"),
    path("profili/<int:pk>/butta-via/", profiles.profile_throw_away, name="profile_throw_away"),
    path("profili/<int:pk>/<str:what>/", profiles.profile_do, name="profile_do"),
    path("territorio/<str:code>/", making.territory, name="territory"),
    path("territorio/<str:code>/rapporto-<str:language>.<str:form>", making.territory_file, name="territory_file"),
    path("rilevazioni/<int:pk>/", waves.wave, name="wave"),
    path("rilevazioni/<int:pk>/rapporto-<str:language>.<str:form>", waves.wave_file, name="wave_file"),
    path("rilevazioni/<int:pk>/da-vicino/", waves.close_ups, name="close_ups"),
    path("obiettivi/<int:pk>/oggi-<str:language>.<str:form>", objectives.today, name="objectives_file"),
    path("obiettivi/<int:pk>/<int:year>-<str:language>.<str:form>", objectives.year, name="objectives_year_file"),
    path("<about:kind>/<str:code>/bozza-<str:language>.<str:form>", making.draft_file, name="draft_file"),
    path("<about:kind>/<str:code>/congela/", profiles.freeze, name="freeze"),
    path("<about:kind>/<str:code>/testi/<str:language>/", texts.texts, name="texts"),
    path("<about:kind>/<str:code>/testi/<str:language>/<str:key>/", texts.text, name="text"),
    path("<about:kind>/<str:code>/testi/<str:language>/<str:key>/<str:what>/", texts.text_do, name="text_do"),
]
