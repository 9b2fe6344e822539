"""The addresses of the site."""

from django.urls import include, path

urlpatterns = [
    path("territorio/", include("trama.territory.urls")),
    path("realta/", include("trama.network.urls")),
    path("risorse/", include("trama.directory.urls")),
    path("esperienze/", include("trama.experiences.urls")),
    path("numeri/", include("trama.insight.urls")),
    path("rilevazioni/", include("trama.monitoring.urls")),
    path("rapporti/", include("trama.reports.urls")),
    path("caricamenti/", include("trama.intake.urls")),
    path("persone/", include("trama.people.urls")),
    path("accedi/", include("trama.accounts.urls")),
    path("lingua/", include("django.conf.urls.i18n")),
    # Last: the page of an area takes whatever stands behind /territorio/.
    path("", include("trama.portal.urls")),
]
