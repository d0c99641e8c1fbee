"""The site's addresses."""

from django.contrib import admin
from django.urls import path

from django_site.notes import views

urlpatterns = [
    path("", views.index),
    path("notes/<int:number>/", views.detail),
    path("export/", views.export),
    path("file/", views.file),
    path("admin/", admin.site.urls),
]
