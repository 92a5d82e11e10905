# One image for the web process, the worker and manage.py; docker-compose.yml shows how they go together.
FROM python:3.11-slim-bookworm

# What Python packages do not bring: the list of auditapp/embedded/system.py without the tests' part.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core fonts-open-sans fonts-droid-fallback \
    && rm -rf /var/lib/apt/lists/*

WORKDIR /app
COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

# Named one by one, so that no data folder or virtual environment beside them gets into the image.
COPY manage.py LICENSE ./
COPY auditapp auditapp
COPY templates templates
COPY static static
COPY fixtures fixtures

RUN useradd --system --home-dir /data auditapp && install -d -o auditapp -m 700 /data
ENV AUDITAPP_DATA_DIR=/data PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
VOLUME /data
USER auditapp
EXPOSE 8000

CMD ["gunicorn", "auditapp.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "2", \
     "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
