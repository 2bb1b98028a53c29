"""``python -m unet_tutorial``: the command line ``unet``."""

from unet_tutorial.commands.app import main

if __name__ == "__main__":
    main()
