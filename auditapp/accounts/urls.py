"""Addresses of people."""

from django.urls import path

from auditapp.accounts import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", views.sign_in, name="sign_in"),
    path("sign-in/again/", views.sign_in_again, name="sign_in_again"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("theme/", views.theme, name="theme"),
    path("account/", views.person, name="person"),
    path("account/password/", views.password, name="password"),
    path("account/device-key/", views.device_key, name="device_key"),
    path("account/notifications/", views.notifications, name="notifications"),
    path("account/notifications/<str:token>/", views.mail_off, name="mail_off"),
    # /people/: for administrators
    path("people/", views.people, name="people"),
    path("people/new/", views.invitation, name="invitation"),
    path("people/<int:pk>/roles/", views.roles, name="roles"),
    path("people/<int:pk>/deactivation/", views.deactivation, name="deactivation"),
]
