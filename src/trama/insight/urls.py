from django.urls import path

from trama.insight.views import crosstabs

app_name = "insight"
urlpatterns = [
    path("", crosstabs.index, name="index"),
    path("grafici/<str:name>.svg", crosstabs.chart, name="chart"),
    path("<slug:key>/", crosstabs.crosstab, name="crosstab"),
    path("<slug:key>/tabella.<str:form>", crosstabs.crosstab_file, name="crosstab_file"),
]
