# Runs in the guest: what a real kernel counts for the network alone, as faceid bench says it of itself,
# and for the whole program, looked at until it ends.
export FACEID_MODEL=model.fid FACEID_DETECTOR=detector.fid FACEID_GALLERY=/tmp/gallery.db

watch() { # NAME PROGRAM...: the largest VmHWM in kB into /out/NAME.kb, output and code beside it
    name=$1; shift
    "$@" >"/out/$name.out" 2>&1 &
    pid=$!
    while [ -d "/proc/$pid" ] && grep -q VmHWM "/proc/$pid/status" 2>/dev/null; do
        sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$pid/status" >/tmp/now 2>/dev/null
        [ -s /tmp/now ] && cp /tmp/now "/out/$name.kb"
        sleep 0.1
    done
    wait "$pid"
    echo "$?" >"/out/$name.code"
}

# Each thread has its scratch: two need the most. One run touches all there is, and takes minutes where
# the emulator's fused multiply-add is slow.
for kind in "" _low; do
    ./faceid bench layers --model model.fid --threads 2 --runs 1 ${kind:+--low-memory} >/out/network$kind.out 2>&1 || exit 1
done
watch program ./faceid identify --json face.jpg
watch program_low ./faceid identify --json --low-memory face.jpg
exit 0
