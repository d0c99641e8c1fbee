"""One table."""

from django.db import models


class Note(models.Model):
    title = models.CharField(max_length=40)
    text = models.TextField(blank=True)

    def __str__(self):
        return self.title
