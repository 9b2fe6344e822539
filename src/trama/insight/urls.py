from django.urls import path

from trama.insight.views import clusters, crosstabs, indicators, indices, needs, protection, values

app_name = "insight"
urlpatterns = [
    path("", crosstabs.index, name="index"),
    path("grafici/<str:name>.svg", crosstabs.chart, name="chart"),
    path("indicatori/", indicators.indicators, name="indicators"),
    path("indicatori/<str:code>/", indicators.indicator, name="indicator"),
    path("indicatori/<str:code>/correggi/", values.correct_values, name="indicator_correct"),
    path("indicatori/<str:code>/tabella.<str:form>", indicators.indicator_file, name="indicator_file"),
    path("indici/", indices.indices, name="indices"),
    path("indici/nuovo/", indices.index_add, name="index_add"),
    path("indici/importa/", indices.index_import, name="index_import"),
    path("indici/<slug:code>/", indices.index, name="index_of"),
    path("indici/<slug:code>/v<int:version>/", indices.index_version, name="index_version"),
    path("indici/<slug:code>/v<int:version>/valori.<str:form>", indices.index_file, name="index_file"),
    path("indici/<slug:code>/v<int:version>/definizione.<str:form>", indices.index_definition, name="index_definition"),
    path("indici/<slug:code>/v<int:version>/modifica/", indices.index_edit, name="index_edit"),
    path("indici/<slug:code>/v<int:version>/<slug:what>/", indices.index_do, name="index_do"),
    path("raggruppamenti/", clusters.clusters, name="clusters"),
    path("raggruppamenti/tabella.<str:form>", clusters.clusters_file, name="clusters_file"),
    path("bisogno-e-offerta/", needs.needs_page, name="needs"),
    path("bisogno-e-offerta/tabella.<str:form>", needs.needs_file, name="needs_file"),
    path("protezione/", protection.protection, name="protection"),
    path("<slug:key>/", crosstabs.crosstab, name="crosstab"),
    path("<slug:key>/tabella.<str:form>", crosstabs.crosstab_file, name="crosstab_file"),
]
