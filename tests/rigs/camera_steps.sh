# Runs in the guest: the live program beside a USB camera that is plugged in, pulled and disturbed.
# What happened is left in /out, each line behind the seconds since boot: events (NAME.out, ended by
# "exit CODE"), sentences (NAME.err), what was done here (notes), what the camera did (usbcam).
export FACEID_MODEL=model.fid FACEID_DETECTOR=detector.fid FACEID_GALLERY=/rig/gallery.db
export FID_ISA=ref # the others multiply and add in one, which QEMU may take four times as long for
PATIENCE=$(cat patience) # seconds that anything here may take

stamp() { while IFS= read -r line; do read -r seconds rest </proc/uptime; echo "$seconds $line"; done; }
note() { echo "$*" | stamp >>/out/notes; }

# until COMMAND...: waits for it to succeed.
await() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -le $((PATIENCE * 5)) ] || { note "gave up waiting: $*"; return 1; }
        sleep 0.2
    done
}
gone() { [ ! -e /dev/video0 ]; }

plug() { ./usbcam -r 5 "$@" >>/out/usbcam 2>&1 & camera=$!; await test -e /dev/video0; }
pull() { note pulled; kill $camera; wait $camera; await gone; }

# live NAME WORD...: the program in the background. run NAME WORD...: in the foreground, any verb.
run() {
    name=$1
    shift
    mkfifo /tmp/$name
    stamp </tmp/$name >/out/$name.err &
    { "$@" 2>/tmp/$name & echo $! >/tmp/$name.pid; wait $!; echo "exit $?"; } | stamp >/out/$name.out
}
live() { name=$1; shift; run $name ./faceid live -v --events-frames "$@" & }

named() { [ "$(grep -c "\"name\":\"$2\"" /out/$1.out)" -ge 2 ]; }
faces() { grep -c '"faces":\[{' /out/$1.out; } # frames with faces
more() { [ "$(faces $1)" -gt $2 ]; }
lost() { grep -q '"event":"lost"' /out/$1.out; }
ended() { grep -q ' exit ' /out/$1.out; }
interrupt() { note "interrupted $1"; kill -INT "$(cat /tmp/$1.pid)"; await ended $1; }
end() { await ended $1 || kill -9 "$(cat /tmp/$1.pid)"; }

modprobe uvcvideo nodrop=1 # damaged frames reach the program
modprobe vhci-hcd

run none_listed ./faceid cameras --json
run none ./faceid live --headless --camera 0

# MJPEG, two pictures one after the other; then what goes wrong beside a camera that is well.
plug 320x240 pair.jpg + raj.jpg
run listed ./faceid cameras --json
live mjpeg --headless --camera "rig usb"
await named mjpeg amy
kill -USR1 $camera
await named mjpeg raj
run busy ./faceid live --headless --camera 0
interrupt mjpeg
run metadata ./faceid live --headless --camera /dev/video1
run forbidden su guest -c 'exec ./faceid live --headless --camera /dev/video0 -g /tmp/none.db'
run counted ./faceid live --headless --events-frames --frames 2
pull

# YUYV with short frames in between; the plug is pulled.
plug 320x240 amy.yuyv amy.yuyv short.yuyv
live yuyv --headless --camera /dev/video0
await named yuyv amy
pull
end yuyv

# MJPEG with damaged frames in between; then the camera goes silent.
plug 320x240 amy.jpg cut.jpg amy.jpg noise.jpg
live damaged --headless
await named damaged amy
kill -USR2 $camera
end damaged
pull

# The window: unplugged and plugged in, silent and speaking again.
export SDL_VIDEODRIVER=dummy
plug 320x240 amy.jpg
live window --events - --camera 0
await named window amy
pull
await lost window
plug 320x240 raj.jpg
await named window raj
kill -USR2 $camera
sleep 4
note "still silent"
count=$(faces window)
kill -USR2 $camera
await more window $count
interrupt window
pull
