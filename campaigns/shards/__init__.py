"""One of two Celery workers is lost."""
