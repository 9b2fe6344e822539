from django.urls import path

from trama.insight import views

app_name = "insight"
urlpatterns = [
    path("", views.index, name="index"),
    path("grafici/<str:name>.svg", views.chart, name="chart"),
    path("<slug:key>/", views.crosstab, name="crosstab"),
    path("<slug:key>/tabella.<str:form>", views.crosstab_file, name="crosstab_file"),
]
