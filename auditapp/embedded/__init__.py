"""What a fresh machine lacks: a PostgreSQL server, system libraries, a supervisor. Knows no Django."""
