"""The full-text index: FTS5 kept by triggers on SQLite, a GIN index on PostgreSQL."""

from django.db import migrations

SQLITE = [
    "CREATE VIRTUAL TABLE core_search_fts USING fts5(title_stems, stems, content='core_searchentry', "
    "content_rowid='id', tokenize='unicode61 remove_diacritics 0', prefix='2 3 4')",
    "CREATE TRIGGER core_search_added AFTER INSERT ON core_searchentry BEGIN "
    "INSERT INTO core_search_fts(rowid, title_stems, stems) VALUES (new.id, new.title_stems, new.stems); END",
    "CREATE TRIGGER core_search_removed AFTER DELETE ON core_searchentry BEGIN "
    "INSERT INTO core_search_fts(core_search_fts, rowid, title_stems, stems) "
    "VALUES ('delete', old.id, old.title_stems, old.stems); END",
    "CREATE TRIGGER core_search_changed AFTER UPDATE ON core_searchentry BEGIN "
    "INSERT INTO core_search_fts(core_search_fts, rowid, title_stems, stems) "
    "VALUES ('delete', old.id, old.title_stems, old.stems); "
    "INSERT INTO core_search_fts(rowid, title_stems, stems) VALUES (new.id, new.title_stems, new.stems); END",
]
SQLITE_BACK = [
    "DROP TRIGGER core_search_added",
    "DROP TRIGGER core_search_removed",
    "DROP TRIGGER core_search_changed",
    "DROP TABLE core_search_fts",
]
POSTGRESQL = [
    "CREATE INDEX core_search_fts ON core_searchentry USING gin ("
    "(setweight(to_tsvector('simple', title_stems), 'A') || setweight(to_tsvector('simple', stems), 'D')))",
]
POSTGRESQL_BACK = ["DROP INDEX core_search_fts"]


def forwards(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def backwards(apps, schema_editor):
    for statement in SQLITE_BACK if schema_editor.connection.vendor == "sqlite" else POSTGRESQL_BACK:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(forwards, backwards)]
