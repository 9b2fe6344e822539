from django.urls import include, path

from trama.accounts.views import absent

# allauth's addresses, but for those that we do not offer; their names stay, because its code asks for them.
urlpatterns = [
    path("signup/", absent),
    path("email/", absent),
    path("confirm-email/", absent),
    path("confirm-email/<str:key>/", absent),
    path("login/code/confirm/", absent),
    path("3rdparty/", absent),
    path("", include("allauth.urls")),
]
