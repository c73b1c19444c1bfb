# Runs in the guest, until its power is cut: says who is known on the disk, then enrolls one person
# after the other and renames each, and says so when the program has said that it is done.
modprobe virtio_blk
modprobe crc32c_generic
modprobe ext4
# The disk hears only of what a program insists on: nothing is written back by time alone.
mount -t ext4 -o commit=300 /dev/vda /mnt || exit 3
echo 360000 >/proc/sys/vm/dirty_writeback_centisecs
echo 360000 >/proc/sys/vm/dirty_expire_centisecs
export FACEID_MODEL=model.fid FACEID_DETECTOR=detector.fid FACEID_GALLERY=/mnt/gallery.db

./faceid list --json >/out/list
echo "$?" >/out/code
[ "$(cat what)" = look ] && { umount /mnt; exit 0; }
[ "$(cat what)" = careless ] && export LD_PRELOAD=./careless.so

i=$(cat first)
while :; do
    ./faceid enroll --quiet --force "new $i" face.png && echo "DONE enroll $i"
    ./faceid rename "new $i" "known $i" && echo "DONE rename $i"
    i=$((i + 1))
done
