"""rtsp.py - a network camera for tests."""
import os
import socket
import subprocess
import threading
import time

from check import temp_folder

PATTERN = ["-f", "lavfi", "-i", "testsrc2=size=160x120:rate=30"]


class RtspServer(threading.Thread):
    """Answers one client after another and passes on, inside of the connection, the RTP packets that
    an ffmpeg sends. It closes the first connection after `packets` of them. source: ffmpeg's words
    for the input, a moving test picture without any."""

    def __init__(self, packets, *source):
        super().__init__(daemon=True)
        self.packets, self.clients = packets, 0
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind(("127.0.0.1", 0))
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = "rtsp://user:secret@127.0.0.1:%d/stream" % self.server.getsockname()[1]
        sdp = os.path.join(temp_folder(), "sdp")
        self.sender = subprocess.Popen(
            ["ffmpeg", "-v", "error", "-re", *(source or PATTERN), "-an", "-q:v", "3", "-c:v", "mpeg4",
             "-g", "10", "-f", "rtp", "-sdp_file", sdp,
             "rtp://127.0.0.1:%d" % self.rtp.getsockname()[1]],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            if os.path.exists(sdp) and os.path.getsize(sdp):
                break
            time.sleep(0.1)
        with open(sdp) as file:
            self.sdp = file.read().replace("SDP:\n", "") + "a=control:track\r\n"

    def run(self):
        while True:
            client, _ = self.server.accept()
            self.clients += 1
            try:
                self.serve(client, self.packets if self.clients == 1 else None)
            except OSError:
                pass
            client.close()

    def serve(self, client, most):
        stream = client.makefile("rb")
        while True:
            method = stream.readline().split(b" ")[0]
            headers = {}
            for line in iter(stream.readline, b"\r\n"):
                if not line:
                    return
                key, value = line.split(b":", 1)
                headers[key.lower()] = value.strip()
            answer = "RTSP/1.0 200 OK\r\nCSeq: %s\r\n" % headers[b"cseq"].decode()
            body = ""
            if method == b"DESCRIBE":
                body = self.sdp
                answer += "Content-Type: application/sdp\r\nContent-Length: %d\r\n" % len(body)
            elif method == b"SETUP":
                answer += "Session: 1\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            elif method == b"PLAY":
                answer += "Session: 1\r\n"
            client.sendall((answer + "\r\n" + body).encode())
            if method == b"PLAY":
                break
        sent = 0
        while most is None or sent < most:
            packet = self.rtp.recv(65536)
            client.sendall(b"$\0" + len(packet).to_bytes(2, "big") + packet)
            sent += 1

    def end(self):
        self.sender.kill()
        self.sender.wait()
