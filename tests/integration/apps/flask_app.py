"""A Flask application as people write them: sessions, uploads, streaming, errors."""

import hashlib

from flask import Flask, Response, abort, jsonify, redirect, render_template_string, request, session, url_for

app = Flask(__name__)
app.secret_key = "only a test"

PAGE = """<!doctype html><title>{{ title }}</title>
<p>{% if name %}Hello, {{ name }}! You were here {{ visits }} times.{% else %}Who are you?{% endif %}</p>"""


@app.get("/")
def home():
    session["visits"] = session.get("visits", 0) + 1
    return render_template_string(PAGE, title="Home", name=session.get("name"), visits=session["visits"])


@app.post("/login")
def login():
    session["name"] = request.form["name"]
    return redirect(url_for("home"))


@app.get("/logout")
def logout():
    session.clear()
    return redirect(url_for("home"))


@app.post("/upload")
def upload():
    file = request.files["file"]
    content = file.read()
    return jsonify(name=file.filename, size=len(content), digest=hashlib.sha256(content).hexdigest(), **request.form)


@app.get("/stream/<int:count>")
def stream(count):
    return Response((f"line {i}\n" for i in range(count)), mimetype="text/plain")


@app.post("/json")
def double():
    return jsonify(doubled=request.get_json()["number"] * 2)


@app.get("/broken")
def broken():
    raise RuntimeError("an error in a view")


@app.get("/teapot")
def teapot():
    abort(418)


@app.get("/where")
def where():
    return jsonify(url=request.url, remote=request.remote_addr, scheme=request.scheme)
