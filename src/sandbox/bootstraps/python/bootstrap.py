"""The Python runtime: reads requests from the framed channel, calls the handler, answers. Runs on Python 3.8 and later.

One file, with this very name: user code and monitoring tools know the frames of a file called bootstrap.py as the runtime's own. start.py calls
its main.
"""
import importlib
import io
import json
import logging
import math
import os
import sys
import threading
import time
import traceback

# The frame format: src/sandbox/channel/frames.ts. Descriptor 3 is read, 4 is written, both blocking.
INIT, INVOKE, COPY = 1, 2, 4
HELLO, READY, INIT_ERROR, RESPONSE, ERROR, RECORD, STDOUT, STDERR, EXITING = range(16, 25)
OUTPUT_BYTES_MAX = 256 * 1024


class Channel:
    def __init__(self):
        self._reader = open(3, "rb", closefd=False)
        self._lock = threading.Lock()
        os.set_inheritable(3, False)
        os.set_inheritable(4, False)
        self._is_child = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._after_fork)

    def _after_fork(self):
        # A forked child shares the descriptor with its parent: frames of both would mix. It prints to the plain descriptors.
        self._is_child = True
        self._lock = threading.Lock()

    def renew(self):
        """In a copy of a snapshot: the descriptors are its own, and so is what was read from them."""
        self._reader = open(3, "rb", closefd=False)
        self._is_child = False

    def receive(self):
        header = self._reader.read(5)
        if len(header) < 5:
            os._exit(0)  # the server is gone
        return header[4], self._reader.read(int.from_bytes(header[:4], "big"))

    def send(self, kind, body):
        if self._is_child:
            return
        frame = len(body).to_bytes(4, "big") + bytes((kind,)) + body
        with self._lock:
            written = os.write(4, frame)
            while written < len(frame):
                written += os.write(4, memoryview(frame)[written:])

    def send_output(self, kind, body):
        if self._is_child:
            os.write(2 if kind == STDERR else 1, body)
            return
        for start in range(0, len(body), OUTPUT_BYTES_MAX):
            self.send(kind, body[start:start + OUTPUT_BYTES_MAX])

    def send_answer(self, kind, request_id, content_type, payload):
        id_bytes, type_bytes = request_id.encode("latin-1"), content_type.encode("latin-1")
        self.send(kind, b"".join((bytes((len(id_bytes),)), id_bytes, bytes((len(type_bytes),)), type_bytes, payload)))


class ChannelStream(io.RawIOBase):
    """stdout or stderr as a stream of frames: in order with the answer that follows."""

    def __init__(self, channel, fd):
        self._channel = channel
        self._fd = fd

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, data):
        body = bytes(data)
        self._channel.send_output(STDOUT if self._fd == 1 else STDERR, body)
        return len(body)


class Fault(Exception):
    """An error that the runtime itself reports, under a name of its own."""

    def __init__(self, error_type, message, trace=None):
        super().__init__(message)
        self.error_type = "Runtime." + error_type
        self.message = message
        self.trace = trace


# --- JSON as the official runtime writes it -----------------------------------------------------------------------------

class Encoder(json.JSONEncoder):
    """Decimals become numbers, exactly as they are written. The standard encoder has no way to say that, so they pass
    through it as marked strings, and the marks are cut out again."""

    def __init__(self):
        super().__init__(ensure_ascii=not writes_unicode())
        self._mark = None

    def default(self, o):
        decimal = sys.modules.get("decimal")
        if decimal is not None and isinstance(o, decimal.Decimal):
            if o.is_nan():
                return math.nan
            if self._mark is None:
                self._mark = os.urandom(16).hex()
            return self._mark + str(o) + self._mark
        return super().default(o)

    def encode(self, o):
        self._mark = None
        text = super().encode(o)
        if self._mark is not None:
            text = text.replace('"' + self._mark, "").replace(self._mark + '"', "")
        return text


def writes_unicode():
    # From python3.12 on, responses hold characters instead of escapes (Lambda guide, "Python runtimes").
    name = os.environ.get("AWS_EXECUTION_ENV", "")
    try:
        return int(name.rsplit("python3.", 1)[1]) >= 12
    except (IndexError, ValueError):
        return False


# Made for the first answer, when the variables are known that decide what it writes.
answer_encoder = None


def to_json(value):
    global answer_encoder
    if answer_encoder is None:
        answer_encoder = Encoder()
    return answer_encoder.encode(value).encode("utf-8")


def document_to_json(document):
    """For what the runtime itself says: whatever characters an error holds, it is told."""
    try:
        return to_json(document)
    except UnicodeEncodeError:
        return json.dumps(document).encode("ascii")


def marshal(value):
    if isinstance(value, bytes):
        return value, "application/unknown"
    try:
        return to_json(value), "application/json"
    except Exception as e:
        raise Fault("MarshalError", "Unable to marshal response: {}".format(e))


# --- logging -------------------------------------------------------------------------------------------------------------

current_request_id = None


class LogHandler(logging.Handler):
    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def emit(self, record):
        self._channel.send_output(RECORD, self.format(record).encode("utf-8", "replace"))


class RequestIdFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = current_request_id or ""
        return True


class JsonFormatter(logging.Formatter):
    # What every record has; anything else was given as `extra` and is shown.
    STANDARD = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "aws_request_id", "taskName"}

    def format(self, record):
        shown = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            etype, value, tb = record.exc_info
            shown["stackTrace"] = [line.rstrip("\n") for line in traceback.format_tb(tb)]
            shown["errorType"] = etype.__name__
            shown["errorMessage"] = str(value)
            shown["location"] = "{}:{}:{}".format(record.pathname, record.funcName, record.lineno)
        shown.update({k: v for k, v in vars(record).items() if k not in self.STANDARD})
        shown["requestId"] = getattr(record, "aws_request_id", None) or None
        return json.dumps({k: v for k, v in shown.items() if v is not None}, ensure_ascii=False, default=str) + "\n"


def is_json_log():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def install_logging(channel):
    logging.Formatter.converter = time.gmtime
    handler = LogHandler(channel)
    handler.addFilter(RequestIdFilter())
    if is_json_log():
        handler.setFormatter(JsonFormatter())
    else:
        handler.setFormatter(logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    root = logging.getLogger()
    level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(
        os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper(), os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper())
    if level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)


def log_error(channel, document):
    if is_json_log():
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        channel.send_output(RECORD, document_to_json({"timestamp": stamp, "level": "ERROR", **document}) + b"\n")
        return
    kind, message = document.get("errorType"), document.get("errorMessage")
    first = "[ERROR]" + (" " + kind if kind else "") + ((":" if kind else "") + " " + message if message else "")
    lines = [first, "Traceback (most recent call last):"]
    for element in document.get("stackTrace") or []:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            # No-break spaces: the console of CloudWatch would drop others at the start of a line.
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    channel.send_output(RECORD, ("\n".join(lines) + "\n").encode("utf-8", "replace"))


# --- errors --------------------------------------------------------------------------------------------------------------

STANDARD_LIBRARY = os.path.dirname(os.__file__)


def as_on_aws(text):
    """Where this host has its interpreter is nobody's business: the standard library is shown where AWS has it."""
    return text.replace(STANDARD_LIBRARY, "/var/lang/lib/python{}.{}".format(*sys.version_info[:2]))


def error_document(message, error_type, trace, request_id):
    return {
        "errorMessage": as_on_aws(message or ""), "errorType": error_type or "", "requestId": request_id or "",
        "stackTrace": [as_on_aws(entry) for entry in trace or []],
    }


def document_of_exception(request_id=None):
    etype, value, tb = sys.exc_info()
    if isinstance(value, Fault):
        return error_document(value.message, value.error_type, value.trace, request_id)
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(tb)]
    # The runtime's own frames come first and say nothing to the user.
    start = next((i for i, frame in enumerate(frames) if "/bootstrap.py" not in frame[0]), 0)
    return error_document(str(value), etype.__name__, traceback.format_list(frames[start:]), request_id)


# --- the handler ---------------------------------------------------------------------------------------------------------

def load_handler(name):
    try:
        module_name, function_name = name.rsplit(".", 1)
    except ValueError as e:
        raise Fault("MalformedHandlerName", "Bad handler '{}': {}".format(name, e))
    try:
        if module_name.split(".")[0] in sys.builtin_module_names:
            raise Fault("BuiltInModuleConflict", "Cannot use built-in module {} as a handler module".format(module_name))
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        raise Fault("ImportModuleError", "Unable to import module '{}': {}".format(module_name, e))
    except SyntaxError as e:
        trace = ['  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)]
        raise Fault("UserCodeSyntaxError", "Syntax error in module '{}': {}".format(module_name, e), trace)
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault("HandlerNotFound", "Handler '{}' missing on module '{}'".format(function_name, module_name))


class Record:
    """Named fields with a readable form: what the context's parts are."""

    fields = ()

    def __init__(self, values):
        for name in self.fields:
            setattr(self, name, values.get(name))

    def __repr__(self):
        return "{}([{}])".format(type(self).__name__, ",".join("{}={}".format(n, getattr(self, n)) for n in self.fields))


class CognitoIdentity(Record):
    fields = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(Record):
    fields = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")


class ClientContext(Record):
    fields = ("custom", "env", "client")


def parse_client_context(text):
    try:
        values = json.loads(text)
    except Exception as e:
        raise Fault("LambdaContextUnmarshalError", "Unable to parse Client Context JSON: {}".format(e))
    context = ClientContext(values)
    context.client = None if context.client is None else Client(context.client)
    return context


def describe_function():
    """What of the context is the same for all requests."""
    names = ("LOG_GROUP_NAME", "LOG_STREAM_NAME", "FUNCTION_NAME", "FUNCTION_MEMORY_SIZE", "FUNCTION_VERSION")
    return tuple(os.environ.get("AWS_LAMBDA_" + name) for name in names)


class LambdaContext(Record):
    fields = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb", "function_version",
              "invoked_function_arn", "client_context", "identity")

    def __init__(self, request, about):
        self.client_context = None if not request.get("clientContext") else parse_client_context(request["clientContext"])
        self.aws_request_id = request["requestId"]
        self.log_group_name, self.log_stream_name, self.function_name, self.memory_limit_in_mb, self.function_version = about
        self.invoked_function_arn = request["invokedFunctionArn"]
        self.identity = CognitoIdentity({})
        self.tenant_id = request.get("tenantId")
        self._deadline_ms = request["deadlineMs"]

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline_ms - time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def handle(channel, handler, about, body):
    global current_request_id
    header_end = 4 + int.from_bytes(body[:4], "big")
    request = json.loads(body[4:header_end])
    request_id = current_request_id = request["requestId"]
    if request.get("traceId") is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = request["traceId"]
    try:
        context = LambdaContext(request, about)
        try:
            event = json.loads(body[header_end:])
        except Exception as e:
            raise Fault("UnmarshalError", "Unable to unmarshal input: {}".format(e))
        payload, content_type = marshal(handler(event, context))
    except Exception:
        document = document_of_exception(request_id)
        log_error(channel, document)
        channel.send_answer(ERROR, request_id, "", document_to_json(document))
    else:
        channel.send_answer(RESPONSE, request_id, content_type, payload)


def run(channel):
    channel.send(HELLO, to_json({"version": sys.version.split()[0]}))
    _, body = channel.receive()
    settings = json.loads(body)
    if "variables" in settings:
        become_function(settings["variables"])
    about = describe_function()
    install_logging(channel)
    try:
        handler = load_handler(settings["handler"])
    except Exception:
        document = document_of_exception()
        log_error(channel, document)
        channel.send(INIT_ERROR, document_to_json(document))
        sys.exit(1)
    if settings.get("snapshot"):
        settings = wait_as_template(channel, settings)
        about = describe_function()
    channel.send(READY, b"")
    while True:
        _, body = channel.receive()
        handle(channel, handler, about, body)


def wait_as_template(channel, settings):
    """Returns in each copy, when it has become an environment of its own; the template itself stays here."""
    import haneul_snapshot as snapshot
    fail_with(channel, "BeforeSnapshotError", snapshot.run_before_snapshot)
    channel.send(READY, b"")
    while channel.receive()[0] == COPY:
        if snapshot.copy():
            break
    else:
        os._exit(0)
    channel.renew()
    channel.send(HELLO, to_json({"version": sys.version.split()[0]}))
    restored = json.loads(channel.receive()[1])
    snapshot.renew_descriptors()
    # What the function has changed in its environment is part of the snapshot.
    before = settings.get("variables") or dict(os.environ)
    os.environ.update({name: value for name, value in restored["variables"].items() if before.get(name) != value})
    fail_with(channel, "AfterRestoreError", snapshot.run_after_restore)
    return restored


def fail_with(channel, error_type, run_hooks):
    try:
        run_hooks()
    except Exception:
        document = document_of_exception()
        log_error(channel, document)
        channel.send(INIT_ERROR, document_to_json(dict(document, errorType="Runtime." + error_type)))
        sys.exit(64)


def become_function(variables):
    """A process that was started ahead takes over the environment and the folder that it would have been started with."""
    # LC_CTYPE may be the interpreter's own doing, when it started in a locale that the system lacks.
    for name in set(os.environ) - set(variables) - {"LC_CTYPE"}:
        del os.environ[name]
    os.environ.update({"PWD": variables["LAMBDA_TASK_ROOT"], **variables})
    time.tzset()
    os.chdir(variables["LAMBDA_TASK_ROOT"])
    importlib.invalidate_caches()


def install_paths():
    # sys.path[0] is this file's folder; user code comes before it, as layers do.
    task, opt = os.environ["LAMBDA_TASK_ROOT"], os.environ.get("HANEUL_LAYERS", "/opt")
    version = "python{}.{}".format(*sys.version_info[:2])
    own = sys.path.pop(0)
    packages = os.environ.get("HANEUL_PACKAGES", os.path.join("/var/lang/lib", version, "site-packages"))
    sys.path[0:0] = [task, os.path.join(opt, "python", "lib", version, "site-packages"), os.path.join(opt, "python"), packages]
    sys.path.append(own)


def install_site():
    """What the site module does, without the start-up files of the host's packages (-S): they take long and are not on AWS."""
    if not sys.flags.no_site:
        return
    import site
    site.setquit()
    site.setcopyright()
    site.sethelper()
    sys.path += [folder for folder in site.getsitepackages() if os.path.isdir(folder)]


def install_streams(channel):
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(ChannelStream(channel, fd), encoding="utf-8", errors="backslashreplace", write_through=True)
        setattr(sys, name, stream)
        setattr(sys, "__%s__" % name, stream)


def exit_code_of(value):
    if value is None:
        return 0
    return value & 0xFF if isinstance(value, int) else 1


def main():
    channel = Channel()
    install_site()
    install_paths()
    install_streams(channel)
    try:
        run(channel)
    except SystemExit as e:
        channel.send(EXITING, exit_code_of(e.code).to_bytes(4, "big"))
        raise
