"""The site's addresses."""

from django.contrib import admin
from django.urls import path

from django_site.notes import async_views, views

urlpatterns = [
    path("", views.index),
    path("notes/<int:number>/", views.detail),
    path("export/", views.export),
    path("file/", views.file),
    path("async/gathered/", async_views.gathered),
    path("async/upload/", async_views.upload),
    path("async/threaded/", async_views.threaded),
    path("async/broken/", async_views.broken),
    path("admin/", admin.site.urls),
]
