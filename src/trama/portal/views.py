from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from trama.core.pages import anyone, page


@page(may=anyone)
def home(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/home.html")


@page()
def my_day(request: HttpRequest) -> HttpResponse:
    return render(request, "portal/my_day.html")


search = calendar = calendar_ics = sources = privacy = accessibility = open_data = home


@page(may=anyone)
def area(request: HttpRequest, code: str) -> HttpResponse:
    return render(request, "portal/home.html")
